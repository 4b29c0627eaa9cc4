//go:build tools

// Package kubeconform pins kubeconform, which the tests hold manifests with
// against JSON schemas.
package kubeconform

import _ "github.com/yannh/kubeconform/cmd/kubeconform"
