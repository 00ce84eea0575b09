#!/bin/sh
# What git asks when the forge wants to know who calls. The two questions that are answered come whole from the engine: they
# name the scheme, the host, the port and the repository. Any other question, of another host above all, gets no answer.
case "$1" in
  "$FORGE_ASKS_NAME") printf '%s\n' "$FORGE_NAME" ;;
  "$FORGE_ASKS_TOKEN") printf '%s\n' "$FORGE_TOKEN" ;;
  *) exit 1 ;;
esac
