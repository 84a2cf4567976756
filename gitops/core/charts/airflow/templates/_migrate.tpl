{{/*
The migration's pod; its hash names the job, because a job's pod cannot be changed in place.
*/}}
{{- define "airflow.migrate" -}}
metadata:
  labels:
    {{- include "yard.labels" (list . "airflow-migrate") | nindent 4 }}
spec:
  serviceAccountName: airflow-migrate
  automountServiceAccountToken: false
  enableServiceLinks: false
  restartPolicy: OnFailure
  securityContext:
    {{- include "yard.podSecurityContext" . | nindent 4 }}
  containers:
    - name: migrate
      image: {{ include "yard.image" (list . "airflow") }}
      args: [python, /opt/airflow/start.py, db, migrate]
      env:
        {{- include "airflow.environment" . | nindent 8 }}
        {{- include "airflow.database" . | nindent 8 }}
      securityContext:
        {{- include "yard.containerSecurityContext" . | nindent 8 }}
      resources:
        {{- toYaml .Values.migrate.resources | nindent 8 }}
      volumeMounts:
        {{- include "airflow.mounts" . | nindent 8 }}
  volumes:
    {{- include "airflow.volumes" . | nindent 4 }}
{{- end }}
