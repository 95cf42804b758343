# broken_import.py - a file that cannot be imported: its error is what the import-error list must show.
# SPDX-License-Identifier: MIT
import warehouse_sdk_that_is_not_installed  # noqa: F401
