// The package manager wants a source file in a target; this one has its code from desk.jsonc, by the plugin.
