import CairnSchema

/// The profiles in the shared files of AWS: `~/.aws/config` and `~/.aws/credentials`, or where `AWS_CONFIG_FILE` and
/// `AWS_SHARED_CREDENTIALS_FILE` say.
struct SharedProfiles: Sendable {
    /// The settings of a profile by name; what the credentials file says counts more.
    private var profiles: [String: [String: String]] = [:]
    /// Settings of services by the name of their section; those of S3 are `s3.…`.
    private var sections: [String: [String: String]] = [:]
    /// The files that were looked for, for messages.
    let files: [String]

    init(_ surroundings: Surroundings) throws(S3Error) {
        let config = surroundings.variable("AWS_CONFIG_FILE") ?? "~/.aws/config"
        let credentials = surroundings.variable("AWS_SHARED_CREDENTIALS_FILE") ?? "~/.aws/credentials"
        files = [config, credentials]
        if let file = try SharedProfiles.read(config, surroundings) {
            // Of [default] and [profile default] the second counts, alone.
            let hasNamedDefault = file.sections.contains {
                SharedProfiles.profileName($0.name) == "default" && $0.name != "default"
            }
            for section in file.sections {
                if let name = SharedProfiles.name(section.name, of: "services") { sections[name] = section.properties }
                guard let name = SharedProfiles.profileName(section.name) else { continue }
                if section.name == "default", hasNamedDefault { continue }
                add(section.properties, to: name)
            }
        }
        if let file = try SharedProfiles.read(credentials, surroundings) {
            for section in file.sections { add(section.properties, to: section.name) }
        }
    }

    /// The settings of a profile; nil when there is none of that name.
    subscript(name: String) -> [String: String]? { profiles[name] }

    /// The settings of a section `services`; nil when there is none of that name.
    func services(_ name: String) -> [String: String]? { sections[name] }

    /// The names of all, sorted.
    var names: [String] { profiles.keys.sorted() }

    private mutating func add(_ properties: [String: String], to name: String) {
        profiles[name, default: [:]].merge(properties) { _, new in new }
    }

    private static func read(_ path: String, _ surroundings: Surroundings) throws(S3Error) -> INIFile? {
        guard let expanded = surroundings.expanded(path), let bytes = try surroundings.readFile(expanded) else {
            return nil
        }
        return try INIFile(bytes, file: path)
    }

    /// The profile that a section of the config file is of: `default`, `profile name`, `profile "a name"`; nil for other sections.
    private static func profileName(_ section: String) -> String? {
        section == "default" ? section : name(section, of: "profile")
    }

    /// The name in a section `kind name` or `kind "a name"`; nil for others.
    private static func name(_ section: String, of kind: String) -> String? {
        let words = section.split(maxSplits: 1, whereSeparator: { $0 == " " || $0 == "\t" })
        guard words.count == 2, words[0] == kind else { return nil }
        let name = words[1].drop { $0 == " " || $0 == "\t" }
        for quote in ["\"", "'"] where name.count >= 2 && name.hasPrefix(quote) && name.hasSuffix(quote) {
            return String(name.dropFirst().dropLast())
        }
        return String(name)
    }
}
