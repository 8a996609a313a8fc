"""Gateway: Traefik, by which the services of an environment have their routes behind one address."""
