{{/*
The services that have a namespace {service}-{env}: those of an environment, and those that a cluster has once.
*/}}
{{- define "yard.services" -}}
{{- if eq .Values.env "shared" -}}
sealed-secrets prometheus-operator agents
{{- else -}}
airflow mlflow triton fastapi storage baseline monitoring feature-store bootstrap
{{- end -}}
{{- end }}
