"""The demo: an invented council, its registry, its residents' files, and the story that is told with them.

Everything and everyone here is made up. Nothing here reaches the vault by a way of its own: files go in through the
import, requests through the services' questions, looks through the door.
"""
