"""Operations that the operator requests of the gateway, over a socket in its data directory."""
