/// The members of one object in order, whose keys differ when their scalars do.
///
/// `JSONValue.object` has no room for keys that are the same text to Unicode (canonical equivalence), as vocabularies may have.
public struct JSONMembers: Sendable {
  /// A key and its value.
  public typealias Member = (key: String, value: JSONValue)

  /// Where the object stands: the keys that lead to it.
  public let path: [String]
  /// In order.
  public var members: [Member]

  /// The members of the object at `path`.
  public init(at path: [String], _ members: [Member] = []) {
    self.path = path
    self.members = members
  }
}
