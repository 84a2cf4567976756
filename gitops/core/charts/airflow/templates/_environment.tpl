{{/*
What every part knows, tasks included. The rest stands in the image's airflow.cfg, which variables win over.
*/}}
{{- define "airflow.environment" -}}
- name: AIRFLOW__CORE__EXECUTOR
  value: {{ join "," .Values.executors }}
- name: AIRFLOW__CORE__EXECUTION_API_SERVER_URL
  value: http://airflow-{{ .Values.env }}-api.airflow-{{ .Values.env }}:8080/execution/
- name: AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER
  value: s3://airflow/{{ .Values.env }}/airflow-logs
- name: AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID
  value: object_store
- name: AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST
  value: {{ include "airflow.bundles" . | fromYamlArray | toJson | quote }}
- name: AIRFLOW__METRICS__STATSD_ON
  value: "True"
- name: AIRFLOW__METRICS__STATSD_HOST
  value: airflow-statsd.airflow-{{ .Values.env }}
- name: AIRFLOW_CONN_GIT_DEFAULT  # the provider wants one even where there is nobody to be
  value: '{"conn_type": "git"}'
{{- end }}

{{/*
Where DAGs come from: the folder of the commit that is served, and nothing else of it.
*/}}
{{- define "airflow.bundles" -}}
- name: served
  classpath: airflow.providers.git.bundles.git.GitDagBundle
  kwargs:
    repo_url: {{ .Values.git.url }}
    tracking_ref: {{ .Values.git.revision }}
    subdir: dags
    sparse_dirs: [dags]
    git_conn_id: git_default
    refresh_interval: {{ .Values.refreshSeconds }}
{{- end }}

{{/*
For the parts that keep the records; tasks never see the database. The password is URL-safe (yardnode.credentials).
*/}}
{{- define "airflow.database" -}}
- name: DATABASE_PASSWORD
  valueFrom:
    secretKeyRef:
      name: airflow
      key: databasePassword
- name: AIRFLOW__DATABASE__SQL_ALCHEMY_CONN
  value: postgresql+psycopg2://airflow:$(DATABASE_PASSWORD)@postgres-{{ .Values.env }}.storage-{{ .Values.env }}:5432/airflow
- name: AIRFLOW__CORE__FERNET_KEY
  valueFrom:
    secretKeyRef:
      name: airflow
      key: fernetKey
{{- end }}

{{/*
For the part that gives tasks their tokens, and the one that reads them.
*/}}
{{- define "airflow.tokens" -}}
- name: AIRFLOW__API_AUTH__JWT_SECRET
  valueFrom:
    secretKeyRef:
      name: airflow
      key: jwtSecret
{{- end }}

{{/*
For whoever writes or reads a task's log.
*/}}
{{- define "airflow.objectStore" -}}
- name: OBJECT_STORE_ACCESS_KEY
  valueFrom:
    secretKeyRef:
      name: object-store
      key: accessKey
- name: OBJECT_STORE_SECRET_KEY
  valueFrom:
    secretKeyRef:
      name: object-store
      key: secretKey
- name: AIRFLOW_CONN_OBJECT_STORE
  value: >-
    {"conn_type": "aws", "login": "$(OBJECT_STORE_ACCESS_KEY)", "password": "$(OBJECT_STORE_SECRET_KEY)",
    "extra": {"endpoint_url": "http://minio-{{ .Values.env }}.baseline-{{ .Values.env }}:9000", "region_name": "us-east-1"}}
{{- end }}
