package dns01

import "strings"

func UnFqdn(name string) string { return strings.TrimSuffix(name, ".") }
