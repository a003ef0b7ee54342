internal import COnnx

/// The messages of a repeated field.
struct MessageList<Proto>: RandomAccessCollection {
  private let base: UnsafeMutablePointer<UnsafeMutablePointer<Proto>?>?
  let endIndex: Int
  var startIndex: Int { 0 }

  init(_ base: UnsafeMutablePointer<UnsafeMutablePointer<Proto>?>?, _ count: Int) {
    self.base = base
    endIndex = base == nil ? 0 : count
  }

  subscript(index: Int) -> UnsafeMutablePointer<Proto> {
    guard let message = base?[index] else { preconditionFailure("a repeated field lacks a message") }
    return message
  }
}
