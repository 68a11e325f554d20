"""What a server meets besides good clients and good upstreams."""
