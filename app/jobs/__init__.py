"""Long work that goes on after the page is closed, tells how far it is, and can be cancelled."""
