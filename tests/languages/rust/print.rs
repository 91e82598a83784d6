// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
// Prints the exchanges of fixture.rs as tests/rows.py does.
mod fixture;

trait Side {
    fn spell(&self) -> String;
}

impl Side for &[u8] {
    fn spell(&self) -> String {
        match self.len() {
            0 => "-".to_string(),
            _ => self.iter().map(|byte| format!("{:02x}", byte)).collect(),
        }
    }
}

impl Side for Option<&[u8]> {
    fn spell(&self) -> String {
        self.map_or("none".to_string(), |message| message.spell())
    }
}

impl Side for &[&[u8]] {
    fn spell(&self) -> String {
        match self.len() {
            0 => "none".to_string(),
            _ => self.iter().map(Side::spell).collect::<Vec<_>>().join(","),
        }
    }
}

fn main() {
    let tables: Vec<&[fixture::Exchange]> = vec![TABLES];
    for row in tables.concat() {
        println!("{} {}", row.REQUEST.spell(), row.RESPONSE.spell());
    }
}
