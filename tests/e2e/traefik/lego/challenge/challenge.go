package challenge

type Provider any
