//go:build tools

// Package etcd pins the etcd that the tests run against.
//
// Its server module is a program itself. Debian's etcd (3.4) will not do: the
// Kubernetes API server then refuses streaming watch-lists.
package etcd

import _ "go.etcd.io/etcd/server/v3"
