{{/*
Which namespaces' series an environment keeps of what the whole cluster exposes: its own, and what the cluster has once.
Series without a namespace concern everybody.
*/}}
{{- define "yard.namespaces" -}}
|.+-({{ .Values.env }}|shared)|argocd
{{- end }}
