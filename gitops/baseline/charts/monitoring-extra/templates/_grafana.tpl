{{/*
What Grafana finds at its start, by the folder that it looks into; nothing where there is no Grafana.
The names under `uid` are those that dashboards use; the render tier holds the one against the other.
*/}}
{{- define "yard.grafana" -}}
{{- if .Values.grafana.enabled -}}
datasources:
  datasources.yaml: |
    apiVersion: 1
    datasources:
      - name: Prometheus
        uid: prometheus
        type: prometheus
        url: http://monitoring-{{ .Values.env }}-kube-promet-prometheus.monitoring-{{ .Values.env }}:9090
        isDefault: true
        jsonData:
          timeInterval: 15s
      - name: Loki
        uid: loki
        type: loki
        url: http://loki-{{ .Values.env }}.baseline-{{ .Values.env }}:3100
      - name: Alertmanager
        uid: alertmanager
        type: alertmanager
        url: http://monitoring-{{ .Values.env }}-kube-promet-alertmanager.monitoring-{{ .Values.env }}:9093
        jsonData:
          implementation: prometheus
providers:
  providers.yaml: |
    apiVersion: 1
    providers:
      - name: switchyard
        type: file
        options:
          path: /var/lib/grafana-dashboards
dashboards:
  {{- (.Files.Glob "dashboards/*.json").AsConfig | nindent 2 }}
{{- end }}
{{- end }}
