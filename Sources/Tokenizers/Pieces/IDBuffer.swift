/// Token ids in memory that many texts use one after the other.
struct IDBuffer {
  private var start: UnsafeMutablePointer<Int32>
  private var capacity = 64
  private(set) var count = 0

  /// Whoever makes one calls `deallocate`.
  init() {
    start = .allocate(capacity: capacity)
  }

  func deallocate() { start.deallocate() }

  /// The ids.
  var ids: UnsafeBufferPointer<Int32> { UnsafeBufferPointer(start: start, count: count) }

  @inline(__always)
  mutating func append(_ id: Int32) {
    if count == capacity { grow() }
    start[count] = id
    count += 1
  }

  /// Drops what is behind the first `count` ids.
  mutating func truncate(to count: Int) { self.count = min(self.count, count) }

  /// Turns the ids from `offset` on around.
  mutating func reverse(from offset: Int) {
    var tail = UnsafeMutableBufferPointer(start: start + offset, count: count - offset)
    tail.reverse()
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<Int32>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: start, count: count)
    start.deallocate()
    start = larger
    capacity *= 2
  }
}
