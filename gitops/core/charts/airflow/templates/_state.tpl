{{/*
Where every part writes: logs until they are in the object store, and commits.
*/}}
{{- define "airflow.mounts" -}}
- name: state
  mountPath: /var/lib/airflow
- name: tmp
  mountPath: /tmp
{{- end }}

{{- define "airflow.volumes" -}}
- name: state
  emptyDir:
    sizeLimit: 512Mi
- name: tmp
  emptyDir:
    sizeLimit: 256Mi  # artifacts pass through it on their way to and from MLflow
{{- end }}
