import LatheDiagnostics
import LatheTensors
import Synchronization

/// The plans used last, so that inputs of types seen before are not planned again.
final class PlanCache: Sendable {
  /// Plans kept: texts of a hundred lengths, say, take a few megabytes.
  private static let capacity = 128

  private let entries = Mutex<[PlanEntry]>([])

  /// The plan for these values, made if none is kept; new ones come first, and those that are found move ahead.
  func entry(for data: [Datum], _ make: () throws(Diagnostic) -> Plan) throws(Diagnostic) -> PlanEntry {
    let known: PlanEntry? = entries.withLock { entries in
      guard let index = entries.firstIndex(where: { $0.plan.fits(data) }) else { return nil }
      let entry = entries[index]
      if index > 0 { entries.swapAt(index, index - 1) }
      return entry
    }
    if let known { return known }
    let made = PlanEntry(try make())
    entries.withLock { entries in
      if entries.count >= Self.capacity { entries.removeLast() }
      entries.insert(made, at: 0)
    }
    return made
  }
}
