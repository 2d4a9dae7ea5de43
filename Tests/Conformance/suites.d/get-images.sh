#!/bin/sh
# In the place of runc's script that downloads images: what `suites` has made.
printf 'BUSYBOX_IMAGE=%s/busybox.tar\nHELLO_IMAGE=%s/hello-world.tar\nDEBIAN_IMAGE=%s/busybox.tar\n' "$SUITE_IMAGES" "$SUITE_IMAGES" "$SUITE_IMAGES"
