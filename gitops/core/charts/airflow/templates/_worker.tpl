{{/*
The pod of one task of the KubernetesExecutor, which adds the task, and labels and annotations that name it. It has no
password of the database and no way there: a task speaks to the API server, with a token of its own.
*/}}
{{- define "airflow.worker" -}}
apiVersion: v1
kind: Pod
metadata:
  name: airflow-worker
  namespace: airflow-{{ .Values.env }}
  labels:
    {{- include "yard.labels" (list . "airflow-worker") | nindent 4 }}
spec:
  serviceAccountName: airflow-worker
  automountServiceAccountToken: false
  enableServiceLinks: false
  restartPolicy: Never
  securityContext:
    {{- include "yard.podSecurityContext" . | nindent 4 }}
  containers:
    - name: base  # the executor looks for this name
      image: {{ include "yard.image" (list . "airflow") }}
      env:
        {{- include "airflow.environment" . | nindent 8 }}
        {{- include "airflow.objectStore" . | nindent 8 }}
        {{- include "airflow.lifecycle" . | nindent 8 }}
      securityContext:
        {{- include "yard.containerSecurityContext" . | nindent 8 }}
      resources:
        {{- toYaml .Values.worker.resources | nindent 8 }}
      volumeMounts:
        {{- include "airflow.mounts" . | nindent 8 }}
        {{- include "airflow.lifecycleMount" . | nindent 8 }}
  volumes:
    {{- include "airflow.volumes" . | nindent 4 }}
    {{- include "airflow.lifecycleVolume" . | nindent 4 }}
{{- end }}
