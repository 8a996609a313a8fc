// Package acme stands for Traefik's own, which needs modules that not every proxy has: it gets no certificates.
package acme

import (
	"errors"
	"net/http"
	"time"

	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	"github.com/traefik/traefik/v3/pkg/safe"
	traefiktls "github.com/traefik/traefik/v3/pkg/tls"
)

type Configuration struct {
	CAServer      string
	Storage       string
	DNSChallenge  *DNSChallenge
	HTTPChallenge *HTTPChallenge
	TLSChallenge  *struct{}
}

type DNSChallenge struct {
	Provider                string
	DisablePropagationCheck bool
	DelayBeforeCheck        time.Duration
	Propagation             struct {
		DisableChecks     bool
		DelayBeforeChecks time.Duration
	}
}

type HTTPChallenge struct{ EntryPoint string }

type LocalStore struct{}

func NewLocalStore(string, *safe.Pool) *LocalStore { return nil }

type Provider struct {
	*Configuration
	Store                                       *LocalStore
	ResolverName                                string
	HTTPChallengeProvider, TLSChallengeProvider any
}

func (*Provider) Init() error { return errors.New("built without ACME") }

func (*Provider) Provide(chan<- dynamic.Message, *safe.Pool) error { return nil }

func (*Provider) SetTLSManager(*traefiktls.Manager) {}

func (*Provider) SetConfigListenerChan(chan dynamic.Configuration) {}

func (*Provider) ListenConfiguration(dynamic.Configuration) {}

type ChallengeHTTP struct{ http.Handler }

func NewChallengeHTTP() *ChallengeHTTP { return &ChallengeHTTP{} }

type ChallengeTLSALPN struct{}

func NewChallengeTLSALPN() *ChallengeTLSALPN { return &ChallengeTLSALPN{} }

func (*ChallengeTLSALPN) Init() error { return nil }

func (*ChallengeTLSALPN) Provide(chan<- dynamic.Message, *safe.Pool) error { return nil }

func (*ChallengeTLSALPN) ListenConfiguration(dynamic.Configuration) {}
