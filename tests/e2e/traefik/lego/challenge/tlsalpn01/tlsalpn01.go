package tlsalpn01

const ACMETLS1Protocol = "acme-tls/1"
