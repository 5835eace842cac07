import CairnSchema
import ObjectStores

/// Tags of objects, as requests carry them.
enum TagRules {
    /// Checks the tags of an object.
    static func check(_ tags: [ObjectTag]) throws(S3Error) {
        if let problem = ObjectRules.problem(ofTagCount: tags.count) { throw error(problem) }
        for (index, tag) in tags.enumerated() {
            if let problem = ObjectRules.problem(ofTag: tag.key, tag.value) { throw error(problem) }
            if tags[..<index].contains(where: { Utf8.equal($0.key, tag.key) }) {
                throw S3Error(.invalid, "the tag '\(tag.key)' is there twice", remedy: "keep one")
            }
        }
    }

    /// The value of `x-amz-tagging`: a query.
    static func header(_ tags: [ObjectTag]) throws(S3Error) -> String {
        try check(tags)
        return CanonicalQuery(tags.map { (name: $0.key, value: $0.value) }).text
    }

    private static func error(_ problem: ObjectRules.TagProblem) -> S3Error {
        S3Error(.invalid, problem.message, remedy: problem.remedy)
    }
}
