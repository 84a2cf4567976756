{{/*
The services whose namespaces the agent reads. files/config.alloy names the same; the render tier compares the two.
*/}}
{{- define "alloy.shipped" -}}
airflow mlflow fastapi triton feature-store
{{- end }}
