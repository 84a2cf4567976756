{{/*
How a start is waited for, beside the question itself: asked every second, so that nobody waits for the kubelet, and for
ten minutes, for a slow start is no failure (docs/adr/0013-patience.md).
*/}}
{{- define "yard.startup" -}}
periodSeconds: 1
failureThreshold: 600
{{- end }}
