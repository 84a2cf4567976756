{{/*
How people outside the cluster reach a service, where the profile names an ingress controller: by a name and over TLS.
Takes (list $ "name of the host's first part" "name of the Service" "name of its port").
*/}}
{{- define "yard.ingress" -}}
{{- $ := index . 0 -}}
{{- $host := printf "%s-%s.local" (index . 1) $.Values.env -}}
ingressClassName: {{ $.Values.ingress.class }}
tls:
  - hosts: [{{ $host }}]
    secretName: {{ $.Values.ingress.tlsSecret }}
rules:
  - host: {{ $host }}
    http:
      paths:
        - path: /
          pathType: Prefix
          backend:
            service:
              name: {{ index . 2 }}
              port:
                name: {{ index . 3 }}
{{- end }}

{{/*
The controller, as a policy of such a service lets it in; nobody where there is none.
*/}}
{{- define "yard.ingressPeers" -}}
{{- if .Values.ingress }}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ .Values.ingress.namespace }}
{{- end }}
{{- end }}
