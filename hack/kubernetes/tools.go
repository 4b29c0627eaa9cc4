//go:build tools

// Package kubernetes pins the Kubernetes programs that the tests run against.
//
// `go install k8s.io/kubernetes/cmd/...@version` is refused, because that
// module's go.mod has replace directives; a module of ours may repeat them.
package kubernetes

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
