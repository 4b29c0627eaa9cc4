//go:build tools

// Package helm3 pins Helm 3, which the tests install the chart with.
package helm3

import _ "helm.sh/helm/v3/cmd/helm"
