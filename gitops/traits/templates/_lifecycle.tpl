{{/*
Who runs the models' life cycle, as a policy of what it calls lets it in: tasks, each in a pod of its own or in the
scheduler's, and the jobs of the CronJob lifecycle.
*/}}
{{- define "yard.lifecyclePeers" -}}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: airflow-{{ .Values.env }}
  podSelector:
    matchExpressions:
      - key: app.kubernetes.io/name
        operator: In
        values: [airflow-scheduler, airflow-worker, airflow-lifecycle]
{{- end }}
