import Synchronization

/// The outcomes of all scalars by `rules`, worked out a page at a time when a text first has one of the page.
final class ScalarTable: @unchecked Sendable {
  private typealias Page = UnsafeMutablePointer<UInt32>

  private static let pageSize = 64
  private static let pageCount = 0x11_0000 / pageSize

  private let rules: ScalarRules
  /// Pages are added, each complete, and stay.
  private let pages: UnsafeMutablePointer<Atomic<Page?>>

  init(_ rules: ScalarRules) {
    self.rules = rules
    pages = .allocate(capacity: Self.pageCount)
    for index in 0..<Self.pageCount { (pages + index).initialize(to: Atomic(nil)) }
  }

  deinit {
    for index in 0..<Self.pageCount { pages[index].load(ordering: .relaxed)?.deallocate() }
    pages.deinitialize(count: Self.pageCount).deallocate()
  }

  /// What becomes of the scalar with `value`.
  @inline(__always)
  subscript(value: UInt32) -> ScalarOutcome {
    let index = Int(truncatingIfNeeded: value) / Self.pageSize
    guard index < Self.pageCount else { return ScalarOutcome(.open) }
    let page = pages[index].load(ordering: .acquiring) ?? makePage(index)
    return ScalarOutcome(bits: page[Int(truncatingIfNeeded: value) % Self.pageSize])
  }

  @inline(never)
  private func makePage(_ index: Int) -> Page {
    let page = Page.allocate(capacity: Self.pageSize)
    for offset in 0..<Self.pageSize {
      let scalar = Unicode.Scalar(UInt32(index * Self.pageSize + offset))
      (page + offset).initialize(to: (scalar.map(rules.outcome) ?? ScalarOutcome(.open)).bits)
    }
    let (isStored, earlier) = pages[index].compareExchange(
      expected: nil, desired: page, ordering: .acquiringAndReleasing)
    guard !isStored, let earlier else { return page }
    page.deallocate()
    return earlier
  }
}
