/// What a user stored for a registry.
package enum Credential: Equatable, Sendable {
    case password(user: String, password: String)
    /// A refresh token, which the token server exchanges for a token of access.
    case identityToken(String)
    /// A token of access as it is.
    case accessToken(String)
}
