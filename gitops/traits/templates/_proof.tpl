{{/*
Who proves, as a policy of what a proof asks all the time lets it in: the proof itself, and the prober in a namespace of
the proof's own (platform/switchyard/probing/manifests.py).
*/}}
{{- define "yard.proofPeers" -}}
- ipBlock:
    cidr: {{ .Values.prober.cidr }}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: switchyard-proof
  podSelector:
    matchLabels:
      app.kubernetes.io/name: prober
{{- end }}
