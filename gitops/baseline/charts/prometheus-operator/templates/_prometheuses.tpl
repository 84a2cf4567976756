{{/*
The Prometheus of every environment, as a peer of a network policy.
*/}}
{{- define "yard.prometheuses" -}}
- namespaceSelector:
    matchLabels:
      app.kubernetes.io/name: monitoring
      app.kubernetes.io/part-of: switchyard
  podSelector:
    matchLabels:
      app.kubernetes.io/name: prometheus
{{- end }}
