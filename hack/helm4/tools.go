//go:build tools

// Package helm4 pins Helm 4, which the tests install the chart with.
package helm4

import _ "helm.sh/helm/v4/cmd/helm"
