{{/*
What runs the models' life cycle (dags/yardflow): tasks, in the scheduler's pod or in one of their own, and the jobs of
the CronJob lifecycle. Which version is the champion stands in the ledger on the volume; git has what it has to be like.
*/}}
{{- define "airflow.lifecycle" -}}
- name: FLOW_ENV
  value: {{ .Values.env }}
- name: FLOW_MODEL
  value: {{ .Values.model }}
- name: FLOW_VOLUME
  value: /models
- name: FLOW_ACCURACY_THRESHOLD
  value: {{ .Values.accuracyThreshold | quote }}
- name: FLOW_TRITON
  value: triton.triton-{{ .Values.env }}:8001
- name: FLOW_GATEWAY
  value: http://fastapi-{{ .Values.env }}-service.fastapi-{{ .Values.env }}
- name: FLOW_REPLICAS
  value: fastapi-{{ .Values.env }}-replicas.fastapi-{{ .Values.env }}:8080
{{- if .Values.ingress }}
- name: FLOW_LINKS_URL  # how people outside reach MLflow's pages; where nobody is outside, messages have no links
  value: https://mlflow-{{ .Values.env }}.local
{{- end }}
- name: FLOW_RELOAD_TOKEN
  valueFrom:
    secretKeyRef:
      name: lifecycle
      key: reloadToken
- name: FLOW_S3_ENDPOINT
  value: http://minio-{{ .Values.env }}.baseline-{{ .Values.env }}:9000
- name: FLOW_S3_BUCKET
  value: features
- name: FLOW_S3_ACCESS_KEY
  valueFrom:
    secretKeyRef:
      name: object-store
      key: accessKey
- name: FLOW_S3_SECRET_KEY
  valueFrom:
    secretKeyRef:
      name: object-store
      key: secretKey
- name: MLFLOW_TRACKING_URI
  value: http://mlflow-{{ .Values.env }}-service.mlflow-{{ .Values.env }}:5000
- name: MLFLOW_TRACKING_USERNAME
  value: admin
- name: MLFLOW_TRACKING_PASSWORD
  valueFrom:
    secretKeyRef:
      name: lifecycle
      key: mlflowPassword
# A step that fails says so at once, and is repeated as a step; the client's own pauses grow to minutes.
- name: MLFLOW_HTTP_REQUEST_MAX_RETRIES
  value: "0"
- name: MLFLOW_HTTP_REQUEST_TIMEOUT
  value: "10"
- name: MLFLOW_DISABLE_TELEMETRY
  value: "true"
- name: SLACK_TOKEN
  valueFrom:
    secretKeyRef:
      name: lifecycle
      key: slackToken
- name: AIRFLOW_CONN_SLACK  # the hook posts to host/password
  value: '{"conn_type": "slackwebhook", "host": "{{ include "airflow.slack" . }}", "password": "$(SLACK_TOKEN)"}'
{{- end }}

{{/*
Where notifications are posted to: a host of the cluster's own, else the environment's sink.
*/}}
{{- define "airflow.slack" -}}
{{ .Values.slack.host | default (printf "http://alert-sink-%s.monitoring-%s:8080/slack" .Values.env .Values.env) }}
{{- end }}

{{/*
The parent of repository, staging, manifests, state and locks, mounted once: a rename across two mounts fails.
*/}}
{{- define "airflow.lifecycleMount" -}}
- name: models
  mountPath: /models
{{- end }}

{{- define "airflow.lifecycleVolume" -}}
- name: models
  persistentVolumeClaim:
    claimName: model-repo
{{- end }}

{{/*
Where it goes to, besides the object store. Yields rules of a NetworkPolicy's egress.
*/}}
{{- define "airflow.toLifecycle" -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: mlflow-{{ .Values.env }}
      podSelector:
        matchLabels:
          app.kubernetes.io/name: mlflow
  ports:
    - port: 5000
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: triton-{{ .Values.env }}
      podSelector:
        matchLabels:
          app.kubernetes.io/name: triton
  ports:
    - port: 8000
    - port: 8001
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: fastapi-{{ .Values.env }}
      podSelector:
        matchLabels:
          app.kubernetes.io/name: fastapi
  ports:
    - port: 8080
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: monitoring-{{ .Values.env }}
      podSelector:
        matchLabels:
          app.kubernetes.io/name: alert-sink
  ports:
    - port: 8080
{{- if .Values.slack.cidr }}
- to:
    - ipBlock:
        cidr: {{ .Values.slack.cidr }}
  ports:
    - port: 443
{{- end }}
{{- end }}
