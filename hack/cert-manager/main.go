// Command cert-manager-controllers runs the part of cert-manager that turns a
// Certificate into a Secret, so that tests meet the real thing.
//
// cert-manager's own main lives in a module that cannot be required from
// outside, and would bring leader election, a metrics server and every ACME
// solver along. This one registers the controllers of the CA and self-signed
// issuers only, and backs off for seconds where cert-manager waits for hours.
//
// Its webhook cannot be had this way: install.yaml beside this file stands in
// for the two rules of it that matter to us.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/cert-manager/cert-manager/pkg/controller"
	"k8s.io/klog/v2"

	// Each import registers one controller.
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	_ "github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	_ "github.com/cert-manager/cert-manager/pkg/controller/issuers"

	// Without these the issuer controllers say "issuer not registered".
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
)

const (
	// As many as cert-manager itself gives to each controller.
	workersPerController = 5

	minimumBackoff = 1 * time.Second
	maximumBackoff = 8 * time.Second
)

func main() {
	klog.InitFlags(nil)
	kubeconfig := flag.String("kubeconfig", "", "file that says how to reach the API server")
	namespace := flag.String("cluster-resource-namespace", "cert-manager",
		"namespace that holds the Secrets of ClusterIssuers")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, *kubeconfig, *namespace); err != nil {
		fmt.Fprintln(os.Stderr, "cert-manager-controllers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kubeconfig, namespace string) error {
	if kubeconfig == "" {
		return errors.New("--kubeconfig is missing")
	}
	factory, err := controller.NewContextFactory(ctx, controller.ContextOptions{
		Kubeconfig:    kubeconfig,
		IssuerOptions: controller.IssuerOptions{ClusterResourceNamespace: namespace},
		CertificateOptions: controller.CertificateOptions{
			// cert-manager's defaults: what a Certificate is annotated with
			// reaches its requests, except what GitOps tools keep there.
			CopiedAnnotationPrefixes: []string{
				"*", "-kubectl.kubernetes.io/", "-fluxcd.io/", "-argocd.argoproj.io/",
			},
			CertificateRequestMinimumBackoffDuration: minimumBackoff,
			CertificateRequestMaximumBackoffDuration: maximumBackoff,
		},
	})
	if err != nil {
		return fmt.Errorf("connecting to the API server: %w", err)
	}

	// Every constructor asks for the informers it needs, so all of them must
	// have been called before the informers are started.
	controllers := map[string]controller.Interface{}
	for name, construct := range controller.Known() {
		if controllers[name], err = construct(factory); err != nil {
			return fmt.Errorf("constructing %s: %w", name, err)
		}
	}
	shared, err := factory.Build()
	if err != nil {
		return fmt.Errorf("building the informers: %w", err)
	}
	shared.SharedInformerFactory.Start(ctx.Done())
	shared.KubeSharedInformerFactory.Start(ctx.Done())
	shared.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())

	return runAll(ctx, controllers)
}

// runAll returns when ctx ends, or with the error of the first controller that
// stopped before: half a cert-manager would only confuse.
func runAll(ctx context.Context, controllers map[string]controller.Interface) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	var running sync.WaitGroup
	for name, c := range controllers {
		running.Go(func() {
			err := c.Run(workersPerController, ctx)
			if ctx.Err() == nil {
				cancel(fmt.Errorf("%s stopped: %v", name, err))
			}
		})
	}
	running.Wait()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
