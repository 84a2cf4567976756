{{/*
The services that have a namespace in every environment: {service}-{env}.
*/}}
{{- define "yard.services" -}}
airflow mlflow triton fastapi storage baseline monitoring feature-store bootstrap
{{- end }}
