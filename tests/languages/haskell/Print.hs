-- SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
-- Prints the exchanges of the module Table as tests/rows.py does.
module Main (main) where

import Data.ByteString (ByteString)
import qualified Data.ByteString as ByteString
import qualified Data.ByteString.Builder as Builder
import Data.List (intersperse)
import System.IO (stdout)
import Table

class Side a where
  spell :: a -> Builder.Builder

instance Side ByteString where
  spell message
    | ByteString.null message = Builder.string7 "-"
    | otherwise = Builder.byteStringHex message

instance Side a => Side (Maybe a) where
  spell = maybe (Builder.string7 "none") spell

instance Side a => Side [a] where
  spell [] = Builder.string7 "none"
  spell messages = mconcat (intersperse (Builder.char7 ',') (map spell messages))

main :: IO ()
main = Builder.hPutBuilder stdout (foldMap row (concat [TABLES]))
  where
    row (Exchange _ request' response') =
      spell request' <> Builder.char7 ' ' <> spell response' <> Builder.char7 '\n'
