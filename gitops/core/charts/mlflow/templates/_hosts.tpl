{{/*
Every name under which a client may address the server. It refuses any other Host header: a page in somebody's browser
could else reach it under a name of its own.
*/}}
{{- define "mlflow.hosts" -}}
{{- $name := printf "mlflow-%s-service" .Values.env -}}
{{- $namespace := printf "mlflow-%s" .Values.env -}}
{{- range $suffix := list "" ".svc" ".svc.cluster.local" -}}
{{ $name }}.{{ $namespace }}{{ $suffix }}:5000,
{{- end -}}
mlflow-{{ .Values.env }}.local
{{- end }}
