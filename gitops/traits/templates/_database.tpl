{{/*
Where a policy finds the database behind postgres-{env}.storage-{env}: the pod, or the profile's server outside.
*/}}
{{- define "yard.databasePeer" -}}
{{- if .Values.database -}}
- ipBlock:
    cidr: {{ (get .Values.database .Values.env).cidr }}
{{- else -}}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: storage-{{ .Values.env }}
  podSelector:
    matchLabels:
      app.kubernetes.io/name: postgres
{{- end }}
{{- end }}
