/// An answer whose body is complete.
package struct HTTPResponse: Sendable {
    /// 200 to 999, as the server said; redirects are answers like others.
    package var status: Int
    package var fields: HTTPFields
    package var body: [UInt8]
    /// How often it was sent: 2 or more when a connection that was kept open broke before an answer
    /// (`HTTPRequest.isReplayable`).
    package var attempts: Int
}

/// An answer whose body is still to come.
package struct HTTPStreamedResponse: Sendable {
    package var status: Int
    package var fields: HTTPFields
    package var body: HTTPResponseBody
    package var attempts: Int
}
