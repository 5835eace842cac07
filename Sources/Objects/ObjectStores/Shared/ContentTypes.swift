/// The media types of names that say what they are.
package enum ContentTypes {
    /// The media type that goes with the ending of a key; nil for one that says nothing.
    package static func guess(_ key: String) -> String? {
        guard let dot = key.utf8.lastIndex(of: UInt8(ascii: ".")),
            key.utf8.lastIndex(of: UInt8(ascii: "/")).map({ $0 < dot }) ?? true
        else { return nil }
        return byEnding[key[key.utf8.index(after: dot)...].lowercased()]
    }

    /// Source: IANA's media types registry.
    private static let byEnding = [
        "avif": "image/avif", "bin": "application/octet-stream", "bmp": "image/bmp", "css": "text/css",
        "csv": "text/csv",
        "gif": "image/gif", "gz": "application/gzip", "htm": "text/html", "html": "text/html",
        "ico": "image/vnd.microsoft.icon", "jpeg": "image/jpeg", "jpg": "image/jpeg", "js": "text/javascript",
        "json": "application/json", "md": "text/markdown", "mjs": "text/javascript", "mp3": "audio/mpeg",
        "mp4": "video/mp4", "ndjson": "application/x-ndjson", "ogg": "audio/ogg", "pdf": "application/pdf",
        "png": "image/png", "svg": "image/svg+xml", "tar": "application/x-tar", "tif": "image/tiff",
        "tiff": "image/tiff", "ttf": "font/ttf", "txt": "text/plain", "wasm": "application/wasm", "wav": "audio/wav",
        "webm": "video/webm", "webp": "image/webp", "woff": "font/woff", "woff2": "font/woff2",
        "xml": "application/xml",
        "yaml": "application/yaml", "yml": "application/yaml", "zip": "application/zip", "zst": "application/zstd",
    ]
}
