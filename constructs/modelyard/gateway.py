"""The one address behind which services may have their routes."""

#: The add-on with the Gateway; its namespace, the Gateway in it, and the LoadBalancer Service with the address.
GATEWAY = "gateway"
