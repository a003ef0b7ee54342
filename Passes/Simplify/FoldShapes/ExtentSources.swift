import LatheIR
import LatheTensors

/// Where each symbolic extent can be read: the first value that has it, and on which axis.
struct ExtentSources {
  /// Part of a vector of extents.
  enum Piece {
    case numbers([Int])
    /// Neighbouring axes of one value.
    case extents(ValueID, Range<Int>)
  }

  private var places: [Dimension: (value: ValueID, axis: Int)] = [:]

  /// Takes note of a value's extents; those met before stay where they are.
  mutating func add(_ id: ValueID, _ graph: Graph) {
    for (axis, extent) in (graph[id].type?.tensor?.shape ?? []).enumerated() where extent.known == nil && extent != .unknown {
      if places[extent] == nil { places[extent] = (id, axis) }
    }
  }

  /// The elements as numbers and runs of axes; nil if there is one that no value has as its extent.
  func pieces(_ elements: [Dimension]) -> [Piece]? {
    var pieces: [Piece] = []
    for element in elements {
      if let number = element.known {
        if case .numbers(let numbers)? = pieces.last {
          pieces[pieces.count - 1] = .numbers(numbers + [number])
        } else {
          pieces.append(.numbers([number]))
        }
        continue
      }
      guard let place = places[element] else { return nil }
      if case .extents(place.value, let axes)? = pieces.last, axes.upperBound == place.axis {
        pieces[pieces.count - 1] = .extents(place.value, axes.lowerBound..<place.axis + 1)
      } else {
        pieces.append(.extents(place.value, place.axis..<place.axis + 1))
      }
    }
    return pieces.isEmpty ? nil : pieces
  }

  /// What a piece stands for.
  func elements(_ piece: Piece, _ graph: Graph) -> [Dimension] {
    switch piece {
    case .numbers(let numbers): numbers.map { .known($0) }
    case .extents(let value, let axes): graph[value].type?.tensor?.shape.map { Array($0[axes]) } ?? []
    }
  }
}
