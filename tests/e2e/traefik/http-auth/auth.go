// Package auth stands for a fork that not every proxy has: nobody's password is right.
package auth

import "net/http"

type SecretProvider func(user, realm string) string

func CheckSecret(string, string) bool { return false }

type BasicAuth struct {
	Realm   string
	Secrets SecretProvider
}

func (*BasicAuth) RequireAuth(to http.ResponseWriter, _ *http.Request) { refuse(to) }

type DigestAuth struct{}

func NewDigestAuthenticator(string, SecretProvider) *DigestAuth { return &DigestAuth{} }

func DigestAuthParams(string) map[string]string { return nil }

func (*DigestAuth) CheckAuth(*http.Request) (string, *string) { return "", nil }

func (*DigestAuth) RequireAuth(to http.ResponseWriter, _ *http.Request) { refuse(to) }

func (*DigestAuth) RequireAuthStale(to http.ResponseWriter, _ *http.Request) { refuse(to) }

func refuse(to http.ResponseWriter) { to.WriteHeader(http.StatusUnauthorized) }
