// Package crds pins the CRDs of Argo CD, Flux and the Prometheus operator,
// which the tests hold the examples and the chart's PodMonitor against: of each
// the newest that asks for no newer Go than the tests do.
//
// Their modules are downloaded and checked, nothing of them is compiled. So
// there are no imports, and `go mod tidy` would leave nothing: after a change
// of a version, go mod download PATH in this folder writes go.sum.
package crds
