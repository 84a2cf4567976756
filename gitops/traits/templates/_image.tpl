{{/*
The full reference of an image by its name. Takes (list $ "name").
*/}}
{{- define "yard.image" -}}
{{ required (printf "images.%s: the profile's node.yaml has it" (index . 1)) (get ((index . 0).Values.images | default dict) (index . 1)) }}
{{- end }}
