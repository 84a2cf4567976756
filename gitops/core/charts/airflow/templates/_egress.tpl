{{/*
Where the parts go to. Each yields rules of a NetworkPolicy's egress.
*/}}
{{- define "airflow.toDatabase" -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: storage-{{ .Values.env }}
      podSelector:
        matchLabels:
          app.kubernetes.io/name: postgres
  ports:
    - port: 5432
{{- end }}

{{- define "airflow.toObjectStore" -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: baseline-{{ .Values.env }}
      podSelector:
        matchLabels:
          app.kubernetes.io/name: minio
  ports:
    - port: 9000
{{- end }}

{{- define "airflow.toGit" -}}
- to:
    - ipBlock:
        cidr: {{ .Values.git.cidr }}
  ports:
    - port: {{ .Values.git.port }}
{{- end }}

{{- define "airflow.toApi" -}}
- to:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: airflow-api
  ports:
    - port: 8080
{{- end }}

{{- define "airflow.toStatsd" -}}
- to:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: airflow-statsd
  ports:
    - port: 8125
      protocol: UDP
{{- end }}
